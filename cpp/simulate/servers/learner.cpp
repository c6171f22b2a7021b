#include "simulate/servers/learner.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace headway::simulate::servers {
namespace {

constexpr auto NO_ROW = static_cast<std::size_t>(-1);  // of a task that somebody else has sent

void refuse(const std::string& why) { throw std::invalid_argument("learner: " + why); }

std::vector<double> limits(Reals values, const std::string& what) {
    if (!std::ranges::is_sorted(values) || std::ranges::any_of(values, [](double value) {
            return !std::isfinite(value);
        })) {
        refuse(what + ": finite numbers in increasing order are expected");
    }
    return {values.begin(), values.end()};
}

std::size_t classify(const std::vector<double>& limits, double value) {
    std::size_t k = 0;
    while (k < limits.size() && value > limits[k]) {
        ++k;
    }
    return k;
}

}  // namespace

Learner::Learner(const LearnerTables& t, std::size_t n_machines, std::uint64_t seed)
    : joint_(t.joint),
      learns_(t.learns),
      group_(t.group.begin(), t.group.end()),
      levels_(limits(t.levels, "levels")),
      sizes_(limits(t.sizes, "sizes")),
      loads_(limits(t.loads, "loads")),
      alpha_(t.alpha.begin(), t.alpha.end()),
      first_epsilon_(t.first_epsilon),
      last_epsilon_(t.last_epsilon),
      margin_(t.margin),
      exploring_(t.exploring),
      window_(t.window),
      values_(t.values.begin(), t.values.end()),
      visits_(t.visits.begin(), t.visits.end()),
      random_(seed) {
    const bool shares = first_epsilon_ >= 0 && first_epsilon_ <= 1 && last_epsilon_ >= 0 &&
                        last_epsilon_ <= 1;
    if (!shares || exploring_ < 0 || window_ < 0 || !(margin_ >= 0)) {
        refuse("a setting is out of its range");
    }
    if (alpha_.empty() || std::ranges::any_of(alpha_, [](double a) { return !(a > 0 && a <= 1); })) {
        refuse("alpha: shares above 0 are expected");
    }
    if (group_.empty() || group_.size() != n_machines || std::ranges::any_of(group_, [](Int g) {
            return g < 0 || g > 4095;
        })) {
        refuse("group: a number per machine is expected");
    }
    std::size_t rows = (sizes_.size() + 1) * (loads_.size() + 1);
    if (joint_) {
        for (std::size_t k = 0; k < n_machines && rows <= values_.size(); ++k) {
            rows *= levels_.size() + 1;
        }
        rows *= n_machines;
    } else {
        rows *= (levels_.size() + 1) * static_cast<std::size_t>(std::ranges::max(group_) + 1);
    }
    if (values_.size() != rows || visits_.size() != rows) {
        refuse("the table does not have a row for each state");
    }
    if (std::ranges::any_of(values_, [](double v) { return !std::isfinite(v); }) ||
        std::ranges::any_of(visits_, [](Int v) { return v < 0; })) {
        refuse("the table holds what is no value");
    }
}

std::size_t Learner::row(const Farm& farm, std::size_t machine) const {
    std::size_t state = 0;
    if (joint_) {
        for (const std::size_t level : level_) {
            state = state * (levels_.size() + 1) + level;
        }
    } else {
        const auto group = static_cast<std::size_t>(group_[machine]);
        state = group * (levels_.size() + 1) + level_[machine];
    }
    state = state * (sizes_.size() + 1) +
            classify(sizes_, farm.column(Column::SIZE, machine) / farm.mean());
    state = state * (loads_.size() + 1) + classify(loads_, farm.column(Column::LOAD, machine));
    return joint_ ? state * group_.size() + machine : state;
}

std::size_t Learner::best(const Farm& farm) const {
    std::size_t best = 0;
    double top = values_[row(farm, 0)];
    for (std::size_t k = 1; k < group_.size(); ++k) {
        const double value = values_[row(farm, k)];
        if (value > top) {
            best = k;
            top = value;
        }
    }
    return best;
}

void Learner::begin(const Farm& farm) {
    if (farm.n_machines() != group_.size()) {
        refuse("the farm has another number of machines");
    }
    row_of_task_.assign(farm.n_tasks(), NO_ROW);
    level_.resize(group_.size());
}

void Learner::credit(const Farm& farm) {
    if (!learns_) {
        return;
    }
    for (const std::size_t task : farm.ended()) {
        const auto response = static_cast<double>(farm.outcomes()[task].end - farm.arrival(task));
        const std::size_t at = row_of_task_[task];
        if (at == NO_ROW) {
            continue;
        }
        const auto visit = static_cast<std::size_t>(visits_[at]++);
        const double step = alpha_[std::min(visit, alpha_.size() - 1)];
        values_[at] += step * (-response / farm.mean() - values_[at]);
    }
}

std::size_t Learner::choose(const Farm& farm) {
    credit(farm);
    if (window_ > 0) {
        follow(farm);
    }
    const std::size_t n = group_.size();
    for (std::size_t k = 0; k < n; ++k) {
        level_[k] = classify(levels_, farm.column(Column::BACKLOG, k) / farm.mean());
    }
    const double share =
        seen_ >= exploring_
            ? last_epsilon_
            : first_epsilon_ + (last_epsilon_ - first_epsilon_) * static_cast<double>(seen_) /
                                   static_cast<double>(exploring_);
    ++seen_;
    // Both are drawn in any case, so that all settings meet the same luck.
    const double luck = static_cast<double>(random_.next() >> 11) * 0x1.0p-53;
    const auto other = static_cast<std::size_t>(random_.below(static_cast<std::int32_t>(n)));
    std::size_t chosen = 0;
    if (trusts_) {
        chosen = best(farm);
    } else {
        ++distrusted_;
        for (std::size_t k = 1; k < n; ++k) {
            const auto delay = [&](std::size_t m) {
                return (farm.column(Column::BACKLOG, m) + farm.column(Column::SIZE, m)) /
                       farm.column(Column::MEASURED, m);
            };
            chosen = delay(k) < delay(chosen) ? k : chosen;
        }
    }
    if (luck < share) {
        chosen = other;
    }
    row_of_task_[farm.task()] = row(farm, chosen);
    return chosen;
}

// Sends the task to where the table and the rule would in their shadows of the farm.
void Learner::follow(const Farm& farm) {
    if (seen_ % window_ == 0) {
        compare(farm);
    }
    const auto now = static_cast<double>(farm.now());
    const auto end = [&](const std::vector<double>& free, std::size_t k) {
        return std::max(free[k], now) +
               farm.column(Column::SIZE, k) / farm.column(Column::MEASURED, k);
    };
    std::size_t rule = 0;
    for (std::size_t k = 0; k < group_.size(); ++k) {
        const double left =
            std::max(free_mine_[k] - now, 0.0) * farm.column(Column::MEASURED, k);
        level_[k] = classify(levels_, left / farm.mean());
        rule = end(free_rule_, k) < end(free_rule_, rule) ? k : rule;
    }
    const std::size_t mine = best(farm);
    free_mine_[mine] = end(free_mine_, mine);
    response_mine_ += free_mine_[mine] - now;
    free_rule_[rule] = end(free_rule_, rule);
    response_rule_ += free_rule_[rule] - now;
}

// Trusts the table again, or no longer, and begins both shadows from what the farm looks like.
void Learner::compare(const Farm& farm) {
    if (seen_ > 0) {
        trusts_ = response_mine_ <= (1 + margin_) * response_rule_;
    }
    response_mine_ = response_rule_ = 0;
    free_mine_.resize(group_.size());
    for (std::size_t k = 0; k < group_.size(); ++k) {
        free_mine_[k] = static_cast<double>(farm.now()) +
                        farm.column(Column::BACKLOG, k) / farm.column(Column::MEASURED, k);
    }
    free_rule_ = free_mine_;
}

}  // namespace headway::simulate::servers
