#include "solve/mode_choice.hpp"

namespace headway {

ModeChoice::ModeChoice(const Network& network)
    : network_(&network),
      carried_(network.decisions().budget_mode.begin(), network.decisions().budget_mode.end()),
      rest_(network.problem().resources.capacity.begin(),
            network.problem().resources.capacity.end()) {
    const ProblemView& problem = network.problem();
    open_.assign(static_cast<std::size_t>(network.n_tasks()), 0);
    for (Int m = 0; m < problem.n_modes(); ++m) {
        const bool open = network.decisions().open[static_cast<std::size_t>(m)];
        excluded_by_.push_back(open ? 0 : 1);
        open_[problem.modes.task[m]] += open ? 1 : 0;
    }
    for (Int v = 0; v < network.n_tasks(); ++v) {
        if (network.present(v)) {
            spend(carried_[v], 1);
        }
    }
}

void ModeChoice::spend(Int mode, Int sign) {
    const ProblemView& problem = network_->problem();
    for (Int d = problem.first_demand(mode); d < problem.last_demand(mode); ++d) {
        rest_[problem.modes.demand_resource[d]] -= sign * problem.modes.demand_amount[d];
    }
}

bool ModeChoice::leaves_room(Int mode) const {
    const ProblemView& problem = network_->problem();
    const Decisions& decisions = network_->decisions();
    // Modes of one task stand together, so its losses are counted in one go.
    Int losses = 0;
    Int task = ABSENT;
    for (const Int other : row(decisions.conflict_ptr, decisions.conflict, mode)) {
        if (problem.modes.task[other] != task) {
            task = problem.modes.task[other];
            losses = 0;
        }
        losses += excluded(other) ? 0 : 1;
        if (losses > 0 && losses == open_[task]) {
            return false;
        }
    }
    return true;
}

bool ModeChoice::affordable(Int mode) const {
    const ProblemView& problem = network_->problem();
    const Int now = carried_[problem.modes.task[mode]];
    if (now == mode) {
        return true;
    }
    for (Int d = problem.first_demand(mode); d < problem.last_demand(mode); ++d) {
        const Int resource = problem.modes.demand_resource[d];
        if (problem.resources.kind[resource] != NONRENEWABLE) {
            continue;
        }
        Int rest = rest_[resource] - problem.modes.demand_amount[d];
        for (Int c = problem.first_demand(now); c < problem.last_demand(now); ++c) {
            if (problem.modes.demand_resource[c] == resource) {
                rest += problem.modes.demand_amount[c];
            }
        }
        if (rest < 0) {
            return false;
        }
    }
    return true;
}

void ModeChoice::choose(Int mode) {
    const ProblemView& problem = network_->problem();
    const Decisions& decisions = network_->decisions();
    for (const Int other : row(decisions.conflict_ptr, decisions.conflict, mode)) {
        if (excluded_by_[other]++ == 0) {
            --open_[problem.modes.task[other]];
        }
    }
    Int& carried = carried_[problem.modes.task[mode]];
    if (carried != mode) {
        spend(carried, -1);
        spend(mode, 1);
        carried = mode;
    }
}

void ModeChoice::release(Int mode) {
    const ProblemView& problem = network_->problem();
    const Decisions& decisions = network_->decisions();
    for (const Int other : row(decisions.conflict_ptr, decisions.conflict, mode)) {
        if (--excluded_by_[other] == 0) {
            ++open_[problem.modes.task[other]];
        }
    }
}

}  // namespace headway
