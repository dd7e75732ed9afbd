"""The mail as bytes: functions of an audit or of a refusal, without a clock and without a network."""
