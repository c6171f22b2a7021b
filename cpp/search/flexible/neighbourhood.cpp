#include "search/flexible/neighbourhood.hpp"

namespace headway::search::flexible {

Block::Block(Index largest)
    : task_(at(largest)),
      head_(at(largest)),
      tail_(at(largest)),
      ready_(at(largest)),
      rest_(at(largest)),
      duration_(at(largest)),
      new_head_(at(largest)) {}

void Block::load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
                 bool closes) {
    size_ = static_cast<Index>(tasks.size());
    opens_ = opens;
    closes_ = closes;
    for (std::size_t k = 0; k < tasks.size(); ++k) {
        const Node& node = orientation.node(tasks[k]);
        const Reach own = reach(orientation, tasks[k]);
        task_[k] = tasks[k];
        head_[k] = node.head;
        tail_[k] = node.tail;
        ready_[k] = std::max(node.release, own.head);
        rest_[k] = own.tail(node.duration, 0);
        duration_[k] = node.duration;
    }
    const Node& left = orientation.node(orientation.node(tasks.front()).left);
    free_ = left.head + left.duration;
    after_ = orientation.node(orientation.node(tasks.back()).right).tail;
}

Time Block::behind(Index i, Index j, Time limit) {
    Time time = i > 0 ? head_[at(i - 1)] + duration_[at(i - 1)] : free_;
    for (Index x = i + 1; x <= j; ++x) {
        time = std::max(ready_[at(x)], time);
        new_head_[at(x)] = time;
        time += duration_[at(x)];
    }
    Time tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
    tail = std::max(rest_[at(i)], duration_[at(i)] + tail);
    Time longest = std::max(ready_[at(i)], time) + tail;
    for (Index x = j; x > i && longest <= limit; --x) {
        tail = std::max(rest_[at(x)], duration_[at(x)] + tail);
        longest = std::max(longest, new_head_[at(x)] + tail);
    }
    return longest;
}

Time Block::before(Index i, Index j, Time limit) {
    Time time = std::max(ready_[at(j)], i > 0 ? head_[at(i - 1)] + duration_[at(i - 1)] : free_);
    const Time head = time;
    time += duration_[at(j)];
    for (Index x = i; x < j; ++x) {
        time = std::max(ready_[at(x)], time);
        new_head_[at(x)] = time;
        time += duration_[at(x)];
    }
    Time tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
    Time longest = 0;
    for (Index x = j - 1; x >= i && longest <= limit; --x) {
        tail = std::max(rest_[at(x)], duration_[at(x)] + tail);
        longest = std::max(longest, new_head_[at(x)] + tail);
    }
    return std::max(longest, head + std::max(rest_[at(j)], duration_[at(j)] + tail));
}

Reach reach(const Orientation& orientation, Index task) {
    const Node& node = orientation.node(task);
    if (orientation.chains()) {
        const Chain& chain = orientation.chain(task);
        const Time head = orientation.node(chain.before).head + chain.length_before;
        const Time rest = chain.length_after + orientation.node(chain.after).tail;
        return chain.from_end ? Reach{head, 0, rest - node.duration} : Reach{head, rest, 0};
    }
    Reach own{0, 0, 0};
    for (const Link& link : orientation.shop().before(task)) {
        const Node& other = orientation.node(link.task);
        own.head = std::max(own.head, other.head + link.length(other.duration));
    }
    for (const Link& link : orientation.shop().after(task)) {
        Time& longest = link.from_end ? own.to_end : own.to_start;
        longest = std::max(longest, link.lag + orientation.node(link.task).tail);
    }
    return own;
}

std::optional<Insertion> best_insertion(const Orientation& orientation, Index task, Index mode,
                                        const Reach& own, Time limit, Random& random) {
    const Mode& chosen = orientation.shop().mode(mode);
    const Node& now = orientation.node(task);
    const Index none = orientation.none();
    const Time ready = std::max(own.head, chosen.release);
    if (ready + own.tail(chosen.duration, 0) > limit) {
        return std::nullopt;
    }
    const auto through = [&](Index left, Index right) {
        const Node& before = orientation.node(left);
        return std::max(ready, before.head + before.duration) +
               own.tail(chosen.duration, orientation.node(right).tail);
    };
    std::optional<Insertion> best;
    Index ties = 0;
    const auto try_between = [&](Index left, Index right) {
        const Time value = through(left, right);
        if (value > limit) {
            return;
        }
        ties = value < limit ? 1 : ties + 1;
        limit = value;
        if (ties == 1 || random.below(ties) == 0) {
            best = {{task, mode, left, right}, value};
        }
    };
    if (chosen.machine < 0) {
        try_between(none, none);
    } else if (chosen.machine == now.machine) {  // stays where it is
        try_between(now.left, now.right);
    } else {
        const auto row = orientation.row(chosen.machine);
        const auto ends_in_time = [&](Index x) {
            return orientation.node(x).head + orientation.node(x).duration <= ready;
        };
        const auto is_urgent = [&](Index x) { return orientation.node(x).tail > own.to_end; };
        auto first = std::ranges::partition_point(row, ends_in_time) - row.begin();
        auto last = std::ranges::partition_point(row, is_urgent) - row.begin();
        if (last <= first) {  // no task is both, so every place between is as good as can be
            const auto choices = static_cast<Index>(first - last + 1);
            first = last = last + (choices > 1 ? random.below(choices) : 0);
        }
        for (auto place = first; place <= last; ++place) {
            const auto p = static_cast<std::size_t>(place);
            try_between(p > 0 ? row[p - 1] : none, p < row.size() ? row[p] : none);
        }
    }
    return best;
}

}  // namespace headway::search::flexible
