"""A second implementation of the numerics contract, written from NUMERICS.md: see ../check_contract.py."""
