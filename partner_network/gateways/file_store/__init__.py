"""Where uploads and documents are kept: a local folder with signed addresses, or any S3."""
