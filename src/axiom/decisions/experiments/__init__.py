"""May a file be run, a bundle go out, a version go on?"""
