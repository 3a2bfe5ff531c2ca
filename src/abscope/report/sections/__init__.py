"""The parts of the report, one module each; every module returns its Section or None."""
