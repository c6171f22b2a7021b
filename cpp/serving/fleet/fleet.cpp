#include "serving/fleet/fleet.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace headway::serving {

namespace {

constexpr Int NO_PAUSE = FOREVER / 2;

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Fleet::Event Fleet::next_event(const Engine& engine, Int number) {
    const double settles_s = engine.next_settlement_s();
    const double begins_s = engine.next_beginning_s();
    return begins_s < settles_s ? Event{begins_s, Kind::begin, number}
                                : Event{settles_s, Kind::settle, number};
}

Int Fleet::add(std::shared_ptr<Engine> engine) {
    const Int number = size();
    engines_.push_back(std::move(engine));
    next_.emplace_back(NEVER, Kind::settle, number);
    for (auto* column : {&loads_.running, &loads_.waiting, &loads_.present, &loads_.free_blocks,
                         &loads_.blocks_wanted, &loads_.blocks_wanted_first, &loads_.most_urgent}) {
        column->push_back(0);
    }
    touch(number);
    return number;
}

Engine& Fleet::engine(Int number) {
    if (number < 0 || number >= size()) {
        throw std::out_of_range("fleet: no such engine");
    }
    return *engines_[static_cast<std::size_t>(number)];
}

void Fleet::touch(Int number) {
    const Engine& changed = engine(number);
    const auto k = static_cast<std::size_t>(number);
    queue_.erase(next_[k]);
    next_[k] = next_event(changed, number);
    if (std::get<0>(next_[k]) < NEVER) {
        queue_.insert(next_[k]);
    }
    loads_.running[k] = changed.n_running();
    loads_.waiting[k] = changed.n_waiting();
    loads_.present[k] = changed.n_present();
    loads_.free_blocks[k] = changed.unreserved_blocks();
    loads_.blocks_wanted[k] = changed.blocks_wanted();
    loads_.blocks_wanted_first[k] = changed.blocks_wanted_first();
    loads_.most_urgent[k] = changed.most_urgent();
}

void Fleet::submit(Int number, Int request, double at_s, const Progress& progress) {
    if (!(at_s >= now_)) {
        throw std::invalid_argument("fleet: a request cannot arrive in the past");
    }
    engine(number).submit(request, at_s, progress);
    touch(number);
}

void Fleet::withdraw(Int number, Int request) {
    engine(number).withdraw(request);
    collect(number);
    touch(number);
}

std::vector<Int> Fleet::crash(Int number) {
    std::vector<Int> present = engine(number).crash();
    touch(number);
    return present;
}

Ask Fleet::play(Int number, double until_s, bool begins) {
    const Ask ask = engine(number).advance(until_s, NO_PAUSE, begins);
    touch(number);
    return ask;
}

// Whether somebody ended or left.
bool Fleet::collect(Int number) {
    if (!engine(number).has_news()) {
        return false;
    }
    const Ended ended = engine(number).take_ended();
    append(ended_.requests, ended.requests);
    append(ended_.generated, ended.generated);
    append(ended_.status, ended.status);
    append(ended_.at_s, ended.at_s);
    ended_.engine.resize(ended_.requests.size(), number);
    for (const Left& left : engine(number).take_left()) {
        left_.engine.push_back(number);
        left_.request.push_back(left.request);
        left_.computed.push_back(left.computed);
        left_.generated.push_back(left.generated);
    }
    return true;
}

Fleet::Stop Fleet::advance(double until_s, bool stops) {
    while (!queue_.empty()) {
        const auto [time_s, kind, number] = *queue_.begin();
        if (time_s > until_s || (time_s == until_s && kind == Kind::begin)) {
            break;
        }
        now_ = std::max(now_, time_s);
        ask_ = play(number, time_s, kind == Kind::begin);
        if (ask_ != Ask::nothing) {
            asker_ = number;
            return Stop::question;
        }
        if (collect(number) && stops) {
            return Stop::event;
        }
    }
    if (until_s < NEVER) {
        now_ = std::max(now_, until_s);
    }
    return Stop::time;
}

FleetEnded Fleet::take_ended() { return std::exchange(ended_, {}); }

FleetLeft Fleet::take_left() { return std::exchange(left_, {}); }

}  // namespace headway::serving
