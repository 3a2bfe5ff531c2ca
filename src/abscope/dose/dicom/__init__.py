"""DICOM-RT in and out: read, link, check, write."""
