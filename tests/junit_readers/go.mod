// A reader of JUnit that is not ours; the version is pinned by go.sum.
module tales.invalid/tests/junit_readers

go 1.23.0

require github.com/joshdk/go-junit v1.0.0
