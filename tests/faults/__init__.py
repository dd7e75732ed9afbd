"""What goes wrong at night: inputs that change or lie, processes that are stopped, disks that are full."""
