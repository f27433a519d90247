"""The numbers behind forecasts: numpy arrays and plain values in, arrays and plain values out. No I/O."""
