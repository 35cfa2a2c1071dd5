// Reading the orders, and what the shop begins with, from a file.

package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"

	"github.com/bextgen/bextgen/generated/orders"
)

// orderFile is the content of the file given with -orders.
type orderFile struct {
	// Stock is how many of each article the shop begins with.
	Stock map[string]int64 `json:"stock"`
	// DeclinedCards are cards that the bank refuses, with its reason.
	DeclinedCards map[string]string `json:"declinedCards"`
	// Outages are calls to a service that fail before it works.
	Outages []outage       `json:"outages"`
	Orders  []orders.Order `json:"orders"`
}

// outage says that a service fails so many times for an order.
type outage struct {
	Service string `json:"service"`
	OrderID string `json:"orderId"`
	Times   int64  `json:"times"`
}

// ownOrders is the file of a shop that is given none.
//
//go:embed testdata/orders.json
var ownOrders []byte

func readOrders(path string) (*orderFile, error) {
	if path == "" {
		return parseOrders("the shop's own", ownOrders)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the orders: %w", err)
	}
	return parseOrders(path, text)
}

func parseOrders(path string, text []byte) (*orderFile, error) {
	file := new(orderFile)
	if err := json.Unmarshal(text, file); err != nil {
		return nil, fmt.Errorf("read the orders: %s: %w", path, err)
	}
	seen := make(map[string]bool, len(file.Orders))
	for i, o := range file.Orders {
		if o.ID == "" {
			return nil, fmt.Errorf("read the orders: %s: order %d has no id", path, i+1)
		}
		if seen[o.ID] {
			return nil, fmt.Errorf("read the orders: %s: there are two orders %s", path, o.ID)
		}
		seen[o.ID] = true
	}
	return file, nil
}

// order finds an order by its id.
func (f *orderFile) order(id string) (orders.Order, bool) {
	for _, o := range f.Orders {
		if o.ID == id {
			return o, true
		}
	}
	return orders.Order{}, false
}
