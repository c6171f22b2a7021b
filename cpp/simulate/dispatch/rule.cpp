#include "simulate/dispatch/rule.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace headway::simulate::dispatch {
namespace {

double number(Time ticks) { return static_cast<double>(ticks); }

double key_of(Key key, const State& state, const Candidate& c) {
    const Shop& shop = state.shop();
    switch (key) {
        case Key::SPT:
            return -number(c.duration);
        case Key::LPT:
            return number(c.duration);
        case Key::MWKR:
            return number(c.left);
        case Key::LWKR:
            return -number(c.left);
        case Key::LTAIL:
            return number(c.left - c.duration);
        case Key::MOPNR:
            return number(shop.end(c.job) - c.operation);
        case Key::LOPNR:
            return -number(shop.end(c.job) - c.operation);
        case Key::FDD_MWKR: {
            const Time work = shop.operation(shop.first(c.job)).left;
            return -number(work - c.left + c.duration) / number(std::max<Time>(c.left, 1));
        }
        case Key::FIFO:
            return -number(c.ready);
        case Key::RANDOM:
            return 0;
    }
    return 0;
}

void check(double delta) {
    if (!(delta >= 0 && delta <= 1)) {
        throw std::invalid_argument("dispatch rule: delta is to be from 0 to 1");
    }
}

// What the features of all candidates of one state share.
class View {
public:
    explicit View(const State& state)
        : state_(&state),
          per_tick_(1 / state.shop().mean_duration()),
          per_work_(1 / state.shop().mean_work()),
          per_load_(1 / state.shop().mean_load()),
          longest_(number(state.longest())),
          per_longest_(1 / std::max(longest_, 1.0)) {}

    Features operator()(const Candidate& c) const {
        const Shop& shop = state_->shop();
        const double operations = number(shop.end(c.job) - shop.first(c.job));
        Features x{
            number(c.duration) * per_tick_ - 1,
            4 * (number(c.left - c.duration) - longest_ / 2) * per_work_,
            2 * number(shop.end(c.job) - c.operation) / operations - 1,
            std::min(number(state_->begin() - c.ready) * per_tick_, 3.0),
            number(c.start - state_->begin()) * per_tick_,
            2 * number(state_->load(c.machine)) * per_load_ - 1,
            number(state_->queue(c.machine)) / 3 - 1,
            -3,
            -1,
            -1,
            -1,
            2 * number(c.left) * per_longest_ - 1,
        };
        if (c.operation + 1 < shop.end(c.job)) {
            const Operation& next = shop.operation(c.operation + 1);
            const Time wait = state_->free(next.machine) - c.start - c.duration;
            x[7] = std::clamp(number(wait) * per_tick_, -3.0, 3.0);
            x[8] = 2 * number(state_->load(next.machine)) * per_load_ - 1;
            x[9] = number(next.duration) * per_tick_ - 1;
            x[10] = number(state_->queue(next.machine)) / 3 - 1;
        }
        return x;
    }

private:
    const State* state_;
    double per_tick_, per_work_, per_load_, longest_, per_longest_;
};

}  // namespace

Rule::Rule(Key key, double delta) : linear_(false), key_(key), delta_(delta) { check(delta); }

Rule::Rule(Reals weights, double delta) : linear_(true), delta_(delta) {
    check(delta);
    if (weights.size() != N_FEATURES ||
        !std::ranges::all_of(weights, [](double w) { return std::isfinite(w); })) {
        throw std::invalid_argument("dispatch rule: a finite weight is expected per feature");
    }
    std::ranges::copy(weights, weights_.begin());
}

Features features(const State& state, const Candidate& candidate) {
    return View(state)(candidate);
}

void Rule::score(const State& state, std::vector<double>& scores) const {
    const auto candidates = state.candidates();
    scores.resize(candidates.size());
    if (!linear_) {
        std::ranges::transform(candidates, scores.begin(),
                               [&](const Candidate& c) { return key_of(key_, state, c); });
        return;
    }
    const View view(state);
    std::ranges::transform(candidates, scores.begin(), [&](const Candidate& c) {
        const Features x = view(c);
        double sum = 0;
        for (std::size_t f = 0; f < N_FEATURES; ++f) {
            sum += weights_[f] * x[f];
        }
        return sum;
    });
}

}  // namespace headway::simulate::dispatch
