"""Running images: buttons, queue, progress, steps, notices."""
