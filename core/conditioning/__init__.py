"""Conditioning: from the conditions of a request to tensors."""
