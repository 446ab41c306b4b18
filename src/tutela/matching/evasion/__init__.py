"""Finding copies that were changed to escape: turned, framed, cropped, put into other pictures."""
