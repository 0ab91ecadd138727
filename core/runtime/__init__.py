"""Where and how networks compute: device, precision, offloading, cost estimates."""
