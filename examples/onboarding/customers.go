// Reading the customers, and what will be decided about them, from a file.

package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/runtime"
)

// builtIn are the customers where no file is given.
//
//go:embed testdata/customers.json
var builtIn []byte

// customer is one entry of the file.
type customer struct {
	Customer onboarding.OnboardCustomerInput `json:"customer"`
	// Decision is what somebody will say, DecidedAfter how long that takes. Without it
	// nobody decides, or somebody at another terminal.
	Decision     *onboarding.Decision `json:"decision"`
	DecidedAfter runtime.Duration     `json:"decidedAfter"`
}

// readCustomers reads a file, or the customers of this program if the path is empty.
func readCustomers(path string) ([]customer, error) {
	text := builtIn
	if path != "" {
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("read the customers: %w", err)
		}
	}
	var all []customer
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read the customers: %s: %w", path, err)
	}
	seen := make(map[string]bool, len(all))
	for _, c := range all {
		id := c.Customer.CustomerID
		if seen[id] {
			return nil, fmt.Errorf("read the customers: %s: there are two customers %q", path, id)
		}
		seen[id] = true
		if c.Decision == nil {
			continue
		}
		if err := c.Decision.Validate(); err != nil {
			return nil, fmt.Errorf("read the customers: %s: the decision about %s: %w", path, id, err)
		}
	}
	return all, nil
}
