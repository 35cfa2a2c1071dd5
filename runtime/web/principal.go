package web

import (
	"context"
	"slices"
)

// Permission is what a principal may do; several are joined with |.
type Permission uint8

// The permissions. None of them includes another.
const (
	// MayRead is to see runs, their payloads and events, and flows.
	MayRead Permission = 1 << iota
	// MayStart is to start runs.
	MayStart
	// MayOperate is to act on runs (cancel, retry, delete, …) and to send signals.
	MayOperate
)

// Principal is who sends a request, what they may do, and for which tenants.
type Principal struct {
	// Name is stored with each act that they do.
	Name string
	May  Permission
	// Tenants are those whose runs they see, start and act on; "" stands for runs without a tenant.
	// All others do not exist for them.
	Tenants []string
	// AllTenants lets them see and do that for every tenant. Tenants is of no account then.
	AllTenants bool
}

// Operator is a principal who may do everything, for all tenants.
func Operator(name string) Principal {
	return Principal{Name: name, May: MayRead | MayStart | MayOperate, AllTenants: true}
}

// Reader is a principal who may see everything and change nothing.
func Reader(name string) Principal {
	return Principal{Name: name, May: MayRead, AllTenants: true}
}

// sees says whether runs of a tenant exist for the principal.
func (p Principal) sees(tenant string) bool {
	return p.AllTenants || slices.Contains(p.Tenants, tenant)
}

type principalKey struct{}

// principalOf is who sent a request; its context has them once it was let in.
func principalOf(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
