"""LLM inference: traffic, engines with continuous batching, and the policies that steer them."""
