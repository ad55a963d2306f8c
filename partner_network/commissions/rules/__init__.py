"""What each conversion pays, computed from facts and terms alone, in whole numbers and fractions."""
