"""What every page is made from: the request, paging, cells, kept parts."""
