#include "search/single/descent.hpp"

#include <algorithm>
#include <utility>

namespace headway::search::single {
namespace {

constexpr std::size_t LONGEST_RUN = 3;
constexpr std::size_t PAIRS = 100'000;
constexpr std::size_t SHORTEST_REACH = 30;

}  // namespace

Descent::Descent(const Line& line) : line_(&line) {
    const auto n = static_cast<std::size_t>(line.size());
    reach_ = std::max(SHORTEST_REACH, PAIRS / std::max(n, std::size_t{1}));
    order_.resize(n);
    until_.resize(n + 1);
    from_.resize(n + 1);
}

void Descent::add(Account& account, Index before, Index job) const {
    const Job& next = line_->job(job);
    account.end = line_->end(before, account.end, job);
    account.sum += next.cost(account.end) +
                   line_->overall().setup * line_->setup(before, job);
    if (next.due < FOREVER) {
        account.latest = std::max(account.latest, account.end - next.due);
    }
}

Int Descent::total(const Account& account) const {
    const Overall& overall = line_->overall();
    return account.sum + overall.makespan * account.end +
           (account.latest == NEVER ? 0 : overall.max_lateness * account.latest) +
           overall.max_tardiness * std::max(Int{0}, account.latest);
}

void Descent::load(std::size_t first) {
    const std::size_t n = order_.size();
    for (std::size_t i = first; i < n; ++i) {
        until_[i + 1] = until_[i];
        add(until_[i + 1], i == 0 ? line_->size() : order_[i - 1], order_[i]);
    }
    from_[n] = {until_[n].end, 0, NEVER};
    for (std::size_t i = n; i-- > 0;) {
        from_[i].end = until_[n].end;
        from_[i].sum = until_[n].sum - until_[i].sum;
        const Int due = line_->job(order_[i]).due;
        const Int late = due < FOREVER ? until_[i + 1].end - due : NEVER;
        from_[i].latest = std::max(from_[i + 1].latest, late);
    }
    value_ = total(until_[n]);
}

template <class At>
Int Descent::value(std::size_t first, std::size_t last, At&& at, Int limit) const {
    Account account = until_[first];
    Index before = first == 0 ? line_->size() : order_[first - 1];
    for (std::size_t i = first; i < order_.size(); ++i) {
        const Index job = i <= last ? at(i) : order_[i];
        add(account, before, job);
        if (i > last && account.end == until_[i + 1].end) {
            return total({from_[i].end, account.sum + from_[i + 1].sum,
                          std::max(account.latest, from_[i + 1].latest)});
        }
        const Int so_far = total(account);
        if (so_far >= limit) {
            return so_far;
        }
        before = job;
    }
    return total(account);
}

// Every cost grows with time, so a value that is too high at some place only gets higher.
bool Descent::improve_at(std::size_t i) {
    const std::size_t n = order_.size();
    const auto jobs = [&](std::size_t k) { return order_.begin() + static_cast<std::ptrdiff_t>(k); };
    const std::size_t nearest = i > reach_ ? i - reach_ : 0, farthest = std::min(n, i + reach_);
    for (std::size_t j = i + 1; j < farthest; ++j) {
        const auto swapped = [&](std::size_t k) { return order_[k == i ? j : k == j ? i : k]; };
        if (value(i, j, swapped, value_) < value_) {
            std::swap(order_[i], order_[j]);
            load(i);
            return true;
        }
    }
    for (std::size_t run = 1; run <= LONGEST_RUN && i + run <= n; ++run) {
        for (std::size_t j = i + run; j < farthest; ++j) {  // the run goes behind position j
            const auto moved = [&](std::size_t k) {
                return order_[k + run <= j ? k + run : k + run - j - 1 + i];
            };
            if (value(i, j, moved, value_) < value_) {
                std::rotate(jobs(i), jobs(i + run), jobs(j + 1));
                load(i);
                return true;
            }
        }
        for (std::size_t j = i; j-- > nearest;) {  // the run goes before position j
            const auto moved = [&](std::size_t k) {
                return order_[k < j + run ? k - j + i : k - run];
            };
            if (value(j, i + run - 1, moved, value_) < value_) {
                std::rotate(jobs(j), jobs(i), jobs(i + run));
                load(j);
                return true;
            }
        }
    }
    return false;
}

Int Descent::descend(std::vector<Index>& order, const StopFlag& stop) {
    const std::size_t n = order.size();
    order_ = order;
    load(0);
    for (std::size_t i = 0, quiet = 0; quiet < n && !stop.is_set(); i = (i + 1) % n) {
        quiet = improve_at(i) ? 0 : quiet + 1;
    }
    order = order_;
    return value_;
}

}  // namespace headway::search::single
