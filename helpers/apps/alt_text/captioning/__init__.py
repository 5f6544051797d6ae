"""The third step: photos to captions while the visits go on, here or on many machines."""
