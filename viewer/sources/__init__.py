"""Where frames come from: stills, folders, videos, cameras."""
