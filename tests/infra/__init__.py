"""The files that deploy the farm: they parse, agree with each other and with the code, and keep what they promise."""
