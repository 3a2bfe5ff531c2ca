"""What was delivered: DICOM-RT, dose in regions, courses, exposure of lesions and organs."""
