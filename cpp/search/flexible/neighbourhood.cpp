#include "search/flexible/neighbourhood.hpp"

namespace headway::search::flexible {

Block::Block(Index largest) : MachineRow(largest) {}

void Block::load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
                 bool closes) {
    size_ = 0;
    opens_ = opens;
    closes_ = closes;
    for (const Index task : tasks) {
        const Node& node = orientation.node(task);
        const Reach own = reach(orientation, task);
        append(task, node, std::max(node.release, own.head), own.tail(node.duration, 0));
    }
    enclose(orientation);
}

Time Block::behind(Index i, Index j, Time limit) {
    return behind_by(EvenClock{this}, i, j, limit);
}

Time Block::before(Index i, Index j, Time limit) {
    return before_by(EvenClock{this}, i, j, limit);
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
