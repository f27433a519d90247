"""Models as they are stored, built, loaded and looked after."""
