"""torch.autograd.functional: products and matrices of derivatives of Python functions."""
