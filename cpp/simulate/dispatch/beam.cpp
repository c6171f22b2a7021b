#include "simulate/dispatch/beam.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <unordered_set>

namespace headway::simulate::dispatch {
namespace {

constexpr Int MOST = 1'000'000;

std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

struct Node {
    State state;
    std::uint64_t key = 0;  // of the starts so far, in whatever order they came about
    Time value = 0;         // makespan after a greedy end
};

class Beam {
public:
    Beam(Dispatcher& dispatcher, std::size_t width, std::size_t breadth,
         const search::StopFlag& stop, const OnImprovement& on_improvement)
        : dispatcher_(&dispatcher),
          width_(width),
          breadth_(breadth),
          stop_(&stop),
          on_improvement_(&on_improvement),
          trial_(dispatcher.state()) {}

    Int run() {
        trial_.reset();
        std::vector<Node> level{{trial_}}, next;
        judge(level.front());
        while (!stop_->is_set() && !level.front().state.done()) {
            next.clear();
            seen_.clear();
            for (Node& node : level) {
                extend(node, next);
            }
            std::ranges::stable_sort(next, {}, &Node::value);
            if (next.size() > width_) {
                next.erase(next.begin() + static_cast<std::ptrdiff_t>(width_), next.end());
            }
            std::swap(level, next);
        }
        return passes_;
    }

private:
    void extend(Node& node, std::vector<Node>& next) {
        node.state.look(dispatcher_->delta());
        const std::vector<double>& scores = dispatcher_->scores(node.state);
        order_.resize(scores.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::ranges::stable_sort(order_, std::ranges::greater{},
                                 [&](std::size_t k) { return scores[k]; });
        order_.resize(std::min(order_.size(), breadth_));
        for (const std::size_t k : order_) {
            const Candidate& chosen = node.state.candidates()[k];
            const auto operation = static_cast<std::uint64_t>(chosen.operation) + 1;
            const std::uint64_t key =
                node.key + mixed(mixed(operation) + static_cast<std::uint64_t>(chosen.start));
            if (!seen_.insert(key).second) {
                continue;
            }
            next.push_back({node.state, key});
            next.back().state.add(chosen);
            judge(next.back());
            if (stop_->is_set()) {
                return;
            }
        }
    }

    void judge(Node& node) {
        trial_ = node.state;
        ++passes_;
        if (!dispatcher_->complete(trial_, FOREVER)) {
            return;
        }
        node.value = trial_.makespan();
        if (node.value < best_) {
            best_ = node.value;
            (*on_improvement_)(best_, trial_.start());
        }
    }

    Dispatcher* dispatcher_;
    std::size_t width_, breadth_;
    const search::StopFlag* stop_;
    const OnImprovement* on_improvement_;
    State trial_;
    std::vector<std::size_t> order_;
    std::unordered_set<std::uint64_t> seen_;
    Time best_ = FOREVER;
    Int passes_ = 0;
};

}  // namespace

Int beam(Dispatcher& dispatcher, Int width, Int breadth, const search::StopFlag& stop,
         const OnImprovement& on_improvement) {
    if (width < 1 || width > MOST || breadth < 1 || breadth > MOST) {
        throw std::invalid_argument("dispatch: width and breadth are from 1 to a million");
    }
    return Beam(dispatcher, static_cast<std::size_t>(width), static_cast<std::size_t>(breadth),
                stop, on_improvement)
        .run();
}

}  // namespace headway::simulate::dispatch
