"""What the speed and memory of the program are measured with; not part of `make test`."""
