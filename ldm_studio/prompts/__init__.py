"""What people keep for their prompts: styles and wildcards."""
