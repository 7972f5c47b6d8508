// A source for the compiled common_headers.h to belong to.
