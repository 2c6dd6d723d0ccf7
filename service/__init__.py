"""similar-news, the service: HTTP and command line over the library in `index`."""
