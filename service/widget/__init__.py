"""The widget that shows related coverage in pages of other sites."""
