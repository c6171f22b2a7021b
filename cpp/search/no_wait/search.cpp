#include "search/no_wait/search.hpp"

#include <algorithm>
#include <numeric>

namespace headway::search::no_wait {
namespace {

constexpr Index MOST_REMOVED = 4;
constexpr int PATIENCE = 200;   // rounds without improvement after which the direction changes
constexpr int RESTARTS = 6;     // changes without improvement after which all begins anew
constexpr Time SLACK = 4;       // how many times smaller than a task a step for the worse may be

std::vector<Index> sorted_by(std::span<const Time> key) {
    std::vector<Index> order(key.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](Index i) { return key[static_cast<std::size_t>(i)]; });
    return order;
}

}  // namespace

// One thread's part of a search.
class Worker {
public:
    Worker(NoWaitSearch& search, std::uint64_t seed, std::uint64_t iterations,
           const StopFlag& stop, const OnImprovement& on_improvement)
        : search_(&search),
          random_(seed),
          budget_(search.incumbent_, iterations, stop),
          on_improvement_(&on_improvement),
          table_(*search.shop_) {
        if (search.reversed_) {
            reversed_.emplace(*search.reversed_);
        }
    }

    std::uint64_t run() {
        while (more()) {
            if (const auto offer = search_->offers_.take()) {
                load_like(*offer);
            } else if (const auto known = search_->best_.get(); next(2) == 0 && known) {
                load_like(*known);
                shake(table().order().size() / 4);
            } else {
                build();
            }
            report();
            Time best = table().value();
            for (int idle = 0; idle < RESTARTS && more(); ++idle) {
                if (improve() < best) {
                    best = table().value();
                    idle = 0;
                }
                turn();
                report();
            }
        }
        return budget_.used();
    }

private:
    std::int32_t next(std::size_t n) { return random_.below(static_cast<std::int32_t>(n)); }
    bool more() const { return budget_.more(); }
    bool try_place() {
        if (!more()) {
            return false;
        }
        budget_.spend(1);
        return true;
    }
    Timetable& table() { return backwards_ ? *reversed_ : table_; }
    const Shop& shop() { return table().shop(); }

    // Long items first, each where it does least harm (as Nawaz, Enscore and Ham 1983), with some
    // chance; of many items just the order.
    void build() {
        constexpr std::size_t MANY = 200;
        std::vector<Time> key;
        for (Index i = 0; i < shop().n_items(); ++i) {
            key.push_back(-(shop().span(i) + 1) * (256 + next(256)));
        }
        const std::vector<Index> order = sorted_by(key);
        if (order.size() > MANY) {
            table().load(order);
            return;
        }
        table().load({});
        std::size_t placed = 0;
        while (placed < order.size() &&
               table().insert(order[placed], random_, [this] { return try_place(); })) {
            ++placed;
        }
        complete(std::span(order).subspan(placed));
    }

    // Puts what was left out, for want of time, at the end.
    void complete(std::span<const Index> missing) {
        if (!missing.empty()) {
            const auto placed = table().order();
            std::vector<Index> order(placed.begin(), placed.end());
            order.insert(order.end(), missing.begin(), missing.end());
            table().load(order);
        }
    }

    // Moves some items anywhere.
    void shake(std::size_t times) {
        std::vector<Index> order(table().order().begin(), table().order().end());
        for (std::size_t k = 0; k < times; ++k) {
            std::swap(order[static_cast<std::size_t>(next(order.size()))],
                      order[static_cast<std::size_t>(next(order.size()))]);
        }
        table().load(order);
    }

    // Takes some items out and puts them back, again and again; slightly worse results are
    // accepted. Leaves the best order on the timetable and returns its value.
    Time improve() {
        Timetable& table = this->table();
        const std::size_t n = table.order().size();
        std::vector<Index> current(table.order().begin(), table.order().end()), best = current;
        Time value = table.value(), least = value;
        Time slack = 1 + shop().grain() / SLACK;
        if (shop().total()) {
            slack *= shop().mean_weight() * static_cast<Time>(1 + n / 4);
        }
        slack = std::min<Time>(slack, std::numeric_limits<std::int32_t>::max());
        for (int idle = 0; idle < PATIENCE && more(); ++idle) {
            rebuild(1 + next(std::min<std::size_t>(MOST_REMOVED, n)));
            const Time now = table.value();
            if (now <= value + random_.below(static_cast<std::int32_t>(slack))) {
                value = now;
                current.assign(table.order().begin(), table.order().end());
            } else {
                table.load(current);
            }
            if (now < least) {
                least = now;
                best = current;
                idle = 0;
                report();
            }
        }
        table.load(best);
        return least;
    }

    void rebuild(Index count) {
        out_.clear();
        for (Index k = 0; k < count; ++k) {
            const auto place = static_cast<std::size_t>(next(table().order().size()));
            out_.push_back(table().order()[place]);
            table().remove(place);
        }
        for (std::size_t k = 0; k < out_.size(); ++k) {
            if (!table().insert(out_[k], random_, [this] { return try_place(); })) {
                complete(std::span(out_).subspan(k));
                return;
            }
        }
    }

    // Goes on in the other direction of time, from the same timetable seen from its end.
    void turn() {
        if (reversed_) {
            const std::vector<Time> start = starts();
            backwards_ = !backwards_;
            table().load_like(seen(start));
        }
    }

    // Takes over a timetable, in the direction that meets it better.
    void load_like(const std::vector<Time>& start) {
        table().load_like(seen(start));
        if (reversed_) {
            const Time value = table().value();
            backwards_ = !backwards_;
            table().load_like(seen(start));
            if (table().value() > value) {
                backwards_ = !backwards_;
            }
        }
    }

    // Starts as they are when time runs forwards.
    std::vector<Time> starts() {
        std::vector<Time> start(table().start().begin(), table().start().end());
        for (std::size_t i = 0; backwards_ && i < start.size(); ++i) {
            start[i] = table().value() - start[i] - shop().span(static_cast<Index>(i));
        }
        return start;
    }

    // Starts as they are in the current direction.
    std::vector<Time> seen(std::vector<Time> start) {
        Time end = 0;
        for (std::size_t i = 0; i < start.size(); ++i) {
            end = std::max(end, start[i] + shop().span(static_cast<Index>(i)));
        }
        for (std::size_t i = 0; backwards_ && i < start.size(); ++i) {
            start[i] = end - start[i] - shop().span(static_cast<Index>(i));
        }
        return start;
    }

    void report() {
        if (search_->incumbent_.note(table().value())) {
            const std::vector<Time> start = starts();
            search_->best_.note(table().value(), start);
            (*on_improvement_)(table().value(), start);
        }
    }

    NoWaitSearch* search_;
    Random random_;
    Budget budget_;
    const OnImprovement* on_improvement_;
    Timetable table_;
    std::optional<Timetable> reversed_;
    bool backwards_ = false;
    std::vector<Index> out_;
};

NoWaitSearch::NoWaitSearch(const Shop& shop) : shop_(&shop) {
    if (shop.reversible()) {
        reversed_.emplace(shop.reversed());
    }
}

std::uint64_t NoWaitSearch::run(std::uint64_t seed, std::uint64_t iterations, const StopFlag& stop,
                                const OnImprovement& on_improvement) {
    return Worker(*this, seed, iterations, stop, on_improvement).run();
}

}  // namespace headway::search::no_wait
