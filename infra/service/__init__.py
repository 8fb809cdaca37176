"""What the composition roots of services share: one module, alone in its processes. It knows no module."""
