// The handlers of onboard-customer: what its steps do in this company.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bextgen/bextgen/generated/onboarding"
	"github.com/bextgen/bextgen/runtime"
)

// handlers are the steps of onboard-customer.
type handlers struct {
	directory *directory
	// seatDelay is how long the mail system takes to answer that it made a seat.
	seatDelay time.Duration
	// out is told of each seat that was made.
	out io.Writer
}

var _ onboarding.OnboardCustomerSteps = (*handlers)(nil)

// CreateAccount makes the customer's account.
func (h *handlers) CreateAccount(ctx context.Context, in onboarding.OnboardCustomerCreateAccountInput) (onboarding.OnboardCustomerCreateAccountOutput, error) {
	id, err := h.create(ctx, kindAccount, in.CustomerID)
	return onboarding.OnboardCustomerCreateAccountOutput{AccountID: id}, err
}

// CloseAccount takes it away.
func (h *handlers) CloseAccount(ctx context.Context, in onboarding.OnboardCustomerCreateAccountInput, _ onboarding.OnboardCustomerCreateAccountOutput) error {
	return h.directory.remove(ctx, askerOf(ctx))
}

// SendWelcome mails the customer.
func (h *handlers) SendWelcome(ctx context.Context, in onboarding.OnboardCustomerSendWelcomeInput) error {
	return h.directory.mail(ctx, askerOf(ctx), in.Email, "Welcome, "+in.Company)
}

// SendReminder mails those who decide.
func (h *handlers) SendReminder(ctx context.Context, in onboarding.OnboardCustomerSendReminderInput) error {
	return h.directory.mail(ctx, askerOf(ctx), "sales@our.example", "Please decide about "+in.Company)
}

// Refuse is the error that ends the onboarding.
func (h *handlers) Refuse(_ context.Context, in onboarding.OnboardCustomerRefuseInput) error {
	return &onboarding.OnboardingRefused{By: in.By, Reason: in.Reason}
}

// CreateMailDomain makes the domain in which the customer's seats have their logins.
func (h *handlers) CreateMailDomain(ctx context.Context, in onboarding.OnboardCustomerCreateMailDomainInput) (onboarding.OnboardCustomerCreateMailDomainOutput, error) {
	domain := in.CustomerID + ".our.example"
	_, err := h.create(ctx, kindDomain, domain)
	return onboarding.OnboardCustomerCreateMailDomainOutput{Domain: domain}, err
}

// DeleteMailDomain takes it away.
func (h *handlers) DeleteMailDomain(ctx context.Context, _ onboarding.OnboardCustomerCreateMailDomainInput, _ onboarding.OnboardCustomerCreateMailDomainOutput) error {
	return h.directory.remove(ctx, askerOf(ctx))
}

// CreateWorkspace makes the place where the customer works.
func (h *handlers) CreateWorkspace(ctx context.Context, in onboarding.OnboardCustomerCreateWorkspaceInput) (onboarding.OnboardCustomerCreateWorkspaceOutput, error) {
	id, err := h.create(ctx, kindWorkspace, in.CustomerID)
	return onboarding.OnboardCustomerCreateWorkspaceOutput{WorkspaceID: id}, err
}

// DeleteWorkspace takes it away.
func (h *handlers) DeleteWorkspace(ctx context.Context, in onboarding.OnboardCustomerCreateWorkspaceInput, _ onboarding.OnboardCustomerCreateWorkspaceOutput) error {
	return h.directory.remove(ctx, askerOf(ctx))
}

// GrantPlan opens to the workspace what the customer pays for.
func (h *handlers) GrantPlan(ctx context.Context, in onboarding.OnboardCustomerGrantPlanInput) error {
	_, err := h.create(ctx, kindPlan, fmt.Sprintf("%s of %s", in.Plan, in.WorkspaceID))
	return err
}

// RevokePlan closes it.
func (h *handlers) RevokePlan(ctx context.Context, in onboarding.OnboardCustomerGrantPlanInput) error {
	return h.directory.remove(ctx, askerOf(ctx))
}

// CreateBillingAccount makes the account to which invoices go.
func (h *handlers) CreateBillingAccount(ctx context.Context, in onboarding.OnboardCustomerCreateBillingAccountInput) (onboarding.OnboardCustomerCreateBillingAccountOutput, error) {
	id, err := h.create(ctx, kindBilling, in.CustomerID)
	return onboarding.OnboardCustomerCreateBillingAccountOutput{BillingID: id}, err
}

// CloseBillingAccount takes it away.
func (h *handlers) CloseBillingAccount(ctx context.Context, in onboarding.OnboardCustomerCreateBillingAccountInput, _ onboarding.OnboardCustomerCreateBillingAccountOutput) error {
	return h.directory.remove(ctx, askerOf(ctx))
}

// ProvisionSeat makes a login. The mail system does so at once and answers later: who is
// killed in between has made a login without knowing it.
func (h *handlers) ProvisionSeat(ctx context.Context, in onboarding.OnboardCustomerProvisionSeatInput) (onboarding.OnboardCustomerProvisionSeatOutput, error) {
	login := loginOf(in)
	if _, err := h.create(ctx, kindSeat, login); err != nil {
		return onboarding.OnboardCustomerProvisionSeatOutput{}, err
	}
	fmt.Fprintf(h.out, "made the seat %s\n", login)
	answer := time.NewTimer(h.seatDelay)
	defer answer.Stop()
	select {
	case <-answer.C:
		return onboarding.OnboardCustomerProvisionSeatOutput{Login: login}, nil
	case <-ctx.Done():
		return onboarding.OnboardCustomerProvisionSeatOutput{}, fmt.Errorf("wait for the mail system: %w", context.Cause(ctx))
	}
}

// RemoveSeat takes the login away, also where the mail system was not waited for because
// another seat had failed.
func (h *handlers) RemoveSeat(ctx context.Context, _ onboarding.OnboardCustomerProvisionSeatInput, _ *onboarding.OnboardCustomerProvisionSeatOutput) error {
	return h.directory.remove(ctx, askerOf(ctx))
}

// loginOf keeps the part of a mail address that is the person's own: kim@home.example
// gets kim in the customer's domain.
func loginOf(in onboarding.OnboardCustomerProvisionSeatInput) string {
	person, _, _ := strings.Cut(in.Seat.Email, "@")
	return strings.ToLower(person) + "@" + in.Domain
}

// Announce mails the customer that all is ready.
func (h *handlers) Announce(ctx context.Context, in onboarding.OnboardCustomerAnnounceInput) error {
	subject := fmt.Sprintf("Ready: %d seats", len(in.Logins))
	if in.BillingID != nil {
		subject += ", invoices from " + *in.BillingID
	}
	return h.directory.mail(ctx, askerOf(ctx), in.Email, subject)
}

// create makes an entry of the directory. A name that is taken stays so, whoever tries again.
func (h *handlers) create(ctx context.Context, kind, name string) (string, error) {
	id, err := h.directory.create(ctx, askerOf(ctx), kind, name)
	if errors.Is(err, errTaken) {
		err = runtime.Permanent(err)
	}
	return id, err
}

// askerOf is the step that runs.
func askerOf(ctx context.Context) asker {
	info := runtime.Info(ctx)
	return asker{key: info.IdempotencyKey, stepKey: info.StepKey, runID: info.RunID}
}
