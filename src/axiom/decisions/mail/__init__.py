"""When mail is sent, tried again and given up; what a digest tells; which alerts an operator hears."""
