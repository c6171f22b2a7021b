#include "search/shop/solution.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

#include "search/orders.hpp"

namespace headway::search::shop {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// The task before each node on its machine, in a linear order of all tasks.
std::vector<Index> lefts(const Shop& shop, const Solution& solution) {
    std::vector<Index> left(at(shop.no_node()), shop.n_tasks());
    std::vector<Index> last(at(shop.n_machines()), shop.n_tasks());
    for (const Index task : solution.order) {
        const Index mode = shop.first_mode(task) + solution.choice[at(task)];
        Index node = shop.node(task, 0);
        for (const Index machine : shop.machines(mode)) {
            left[at(node++)] = last[at(machine)];
            last[at(machine)] = task;
        }
    }
    return left;
}

}  // namespace

Builder::Builder(const Shop& shop)
    : shop_(&shop),
      choice_(at(shop.n_tasks())),
      last_(at(shop.n_machines())),
      waits_(at(shop.n_tasks())),
      head_(at(shop.n_tasks())),
      free_(at(shop.n_machines())) {
    measure();
}

// Longest paths of relations from every task to the completion of groups, by shortest modes.
void Builder::measure() {
    const std::size_t groups = shop_->groups().size();
    std::vector<Time> tail(at(shop_->n_tasks()) * groups, NO_PATH);
    double total = 0;
    for (auto i = shop_->forward().rbegin(); i != shop_->forward().rend(); ++i) {
        Time* const row = tail.data() + at(*i) * groups;
        const Time duration = shop_->duration(shop_->first_mode(*i) + shop_->fastest(*i));
        total += static_cast<double>(duration);
        for (const Link& link : shop_->after(*i)) {
            const Time lag = shop_->lag(link, shop_->fastest(*i), shop_->fastest(link.task));
            const Time* const next = tail.data() + at(link.task) * groups;
            for (std::size_t g = 0; g < groups; ++g) {
                row[g] = next[g] == NO_PATH ? row[g] : std::max(row[g], lag + next[g]);
            }
        }
        for (const Member& member : shop_->memberships(*i)) {
            row[at(member.group)] = std::max(row[at(member.group)], duration + member.offset);
        }
    }
    mean_ = std::max(1.0, total / std::max(1, shop_->n_tasks()));
    reach_ptr_.push_back(0);
    for (Index i = 0; i < shop_->n_tasks(); ++i) {
        for (std::size_t g = 0; g < groups; ++g) {
            if (const Time length = tail[at(i) * groups + g]; length != NO_PATH) {
                reach_.push_back({static_cast<Index>(g), length});
            }
        }
        reach_ptr_.push_back(reach_.size());
    }
}

Solution Builder::build(Random& random) {
    const double patience = 0.5 + 0.5 * random.below(8);  // of the priority rule, in mean durations
    const Time delay = random.below(1025);  // how long a machine may wait for more urgent work
    open_.clear();
    std::ranges::fill(head_, 0);
    std::ranges::fill(free_, 0);
    std::ranges::fill(last_, shop_->n_tasks());
    for (Index i = 0; i < shop_->n_tasks(); ++i) {
        waits_[at(i)] = shop_->before(i).size();
        if (waits_[at(i)] == 0) {
            open_.push_back(i);
        }
    }
    Solution solution;
    solution.choice.resize(at(shop_->n_tasks()));
    while (!open_.empty()) {
        const std::vector<Candidate> all = candidates(random);
        const Candidate first = *std::ranges::min_element(all, {}, &Candidate::end);
        const auto here = shop_->machines(shop_->first_mode(first.task) + first.choice);
        Time soonest = first.start;
        const auto competes = [&](const Candidate& other) {
            return std::ranges::any_of(
                shop_->machines(shop_->first_mode(other.task) + other.choice),
                [&](Index machine) { return std::ranges::find(here, machine) != here.end(); });
        };
        for (const Candidate& other : all) {
            soonest = competes(other) ? std::min(soonest, other.start) : soonest;
        }
        const Time latest = soonest + (first.end - soonest) * delay / 1024;
        Candidate chosen = first;
        double most = -1;
        for (const Candidate& other : all) {
            if (other.task != first.task && (other.start > latest || !competes(other))) {
                continue;
            }
            const double key = priority(other, patience) * (768 + random.below(512));
            if (key > most) {
                most = key;
                chosen = other;
            }
        }
        put(chosen, solution);
    }
    return solution;
}

std::vector<Builder::Candidate> Builder::candidates(Random& random) {
    const std::size_t looked_at = std::min(open_.size(), MOST_LOOKED_AT);
    if (looked_at < open_.size()) {
        for (std::size_t k = 0; k < looked_at; ++k) {
            const auto rest = static_cast<std::int32_t>(open_.size() - k);
            std::swap(open_[k], open_[k + at(random.below(rest))]);
        }
    }
    std::vector<Candidate> all;
    for (std::size_t k = 0; k < looked_at; ++k) {
        all.push_back(first_end(open_[k]));
    }
    return all;
}

Builder::Candidate Builder::first_end(Index task) const {
    Candidate best{task, 0, 0, std::numeric_limits<Time>::max()};
    for (Index choice = 0; choice < shop_->n_modes(task); ++choice) {
        const Index mode = shop_->first_mode(task) + choice;
        Time start = shop_->release(mode);
        for (const Link& link : shop_->before(task)) {
            start = std::max(start, head_[at(link.task)] +
                                        shop_->lag(link, choice_[at(link.task)], choice));
        }
        for (const Index machine : shop_->machines(mode)) {
            start = std::max(start, free_[at(machine)] +
                                        shop_->setup(machine, last_[at(machine)], task));
        }
        if (start + shop_->duration(mode) < best.end) {
            best = {task, choice, start, start + shop_->duration(mode)};
        }
    }
    return best;
}

double Builder::priority(const Candidate& candidate, double patience) const {
    if (shop_->n_groups() == 1) {
        return static_cast<double>(shop_->tail(candidate.task)) + 1;
    }
    double sum = 0;
    for (std::size_t e = reach_ptr_[at(candidate.task)]; e < reach_ptr_[at(candidate.task) + 1];
         ++e) {
        const Group& group = shop_->groups()[at(reach_[e].group)];
        const Time slack = group.threshold - reach_[e].tail - candidate.start;
        const double wait = 1 + std::max(0.0, static_cast<double>(slack)) / (patience * mean_);
        sum += static_cast<double>(group.slope + group.jump) / (wait * wait);
    }
    return sum / static_cast<double>(candidate.end - candidate.start + 1);
}

void Builder::put(const Candidate& candidate, Solution& solution) {
    const Index task = candidate.task;
    solution.order.push_back(task);
    solution.choice[at(task)] = choice_[at(task)] = candidate.choice;
    head_[at(task)] = candidate.start;
    for (const Index machine : shop_->machines(shop_->first_mode(task) + candidate.choice)) {
        free_[at(machine)] = candidate.end;
        last_[at(machine)] = task;
    }
    open_.erase(std::ranges::find(open_, task));
    for (const Link& link : shop_->after(task)) {
        if (--waits_[at(link.task)] == 0) {
            open_.push_back(link.task);
        }
    }
}

Solution between(const Solution& a, const Solution& b, Time share, Random& random) {
    const std::size_t n = a.order.size();
    std::vector<Time> key(n);
    Solution solution;
    solution.choice = a.choice;
    for (std::size_t i = 0; i < n; ++i) {
        key[i] = (1000 - share) * a.start[i] + share * b.start[i];
        if (random.below(1000) < share) {
            solution.choice[i] = b.choice[i];
        }
    }
    solution.order = ordered_by(key, a.order);
    return solution;
}

Solution sorted_by(const Shop& shop, std::span<const Int> start, std::span<const Int> mode) {
    using Entry = std::tuple<Int, Int, Index>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    std::vector<std::size_t> waits(start.size());
    Solution solution;
    const auto push = [&](Index i) {
        open.emplace(start[at(i)], start[at(i)] + shop.duration(static_cast<Index>(mode[at(i)])), i);
    };
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        solution.choice.push_back(static_cast<Index>(mode[at(i)]) - shop.first_mode(i));
        waits[at(i)] = shop.before(i).size();
        if (waits[at(i)] == 0) {
            push(i);
        }
    }
    while (!open.empty()) {
        const Index task = std::get<2>(open.top());
        open.pop();
        solution.order.push_back(task);
        for (const Link& link : shop.after(task)) {
            if (--waits[at(link.task)] == 0) {
                push(link.task);
            }
        }
    }
    return solution;
}

std::vector<Index> modes_of(const Shop& shop, std::span<const Index> choice) {
    std::vector<Index> mode(choice.begin(), choice.end());
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        mode[at(i)] += shop.first_mode(i);
    }
    return mode;
}

std::int64_t distance(const Shop& shop, const Solution& a, const Solution& b) {
    const std::vector<Index> left = lefts(shop, a), other = lefts(shop, b);
    std::int64_t count = 0;
    for (Index i = 0; i < shop.n_tasks(); ++i) {
        if (a.choice[at(i)] != b.choice[at(i)]) {
            count += shop.width();
            continue;
        }
        for (Index slot = 0; slot < shop.width(); ++slot) {
            count += left[at(shop.node(i, slot))] != other[at(shop.node(i, slot))];
        }
    }
    return count;
}

}  // namespace headway::search::shop
