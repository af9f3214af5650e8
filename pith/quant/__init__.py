"""Post-training quantisation: a float Graph in, a Graph with quantize_linear and dequantize_linear nodes out."""
