// Reads JUnit files with a parser that is not ours and prints, for each, what it understood as one JSON object a line.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/joshdk/go-junit"
)

type understood struct {
	Tests, Passed, Skipped, Failed, Error int
	Names                                 []string
}

func main() {
	for _, path := range os.Args[1:] {
		suites, err := junit.IngestFile(path)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(1)
		}
		var all understood
		for _, suite := range suites {
			all.Tests += suite.Totals.Tests
			all.Passed += suite.Totals.Passed
			all.Skipped += suite.Totals.Skipped
			all.Failed += suite.Totals.Failed
			all.Error += suite.Totals.Error
			for _, test := range suite.Tests {
				all.Names = append(all.Names, test.Classname+" "+test.Name)
			}
		}
		if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
