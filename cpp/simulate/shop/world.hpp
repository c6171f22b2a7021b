// A shop that is played event by event; whoever decides is asked in between.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base.hpp"
#include "simulate/shop/columns.hpp"
#include "simulate/shop/events.hpp"
#include "simulate/shop/shop.hpp"
#include "simulate/shop/state.hpp"

namespace headway::simulate::shop {

// What never changes while a shop is played, shared by all copies of a world.
struct Fixed {
    explicit Fixed(const Shop& s) : shop(s), events(fixed_events(s)) {}

    Shop shop;
    std::vector<Event> events;
};

// Candidates are modes of operations: a job and a machine it could go to now. An operation with one
// machine has one mode. All instants with simultaneous events end in a sequence of decisions, each
// seeing what those before it did. Copies go on by themselves.
class World {
public:
    // With `per_machine`, each decision is about one machine, the lowest first; otherwise about
    // all at once.
    World(std::shared_ptr<const Fixed> fixed, bool per_machine);

    // Goes on to the next decision, or to the first event after `until`; false if there is none.
    bool advance(Int until = FOREVER);

    // Of the present decision, in no order.
    const std::vector<Int>& candidates() const { return candidates_; }
    // Brings them in order of jobs, then of machines.
    void sort_candidates() { std::ranges::sort(candidates_); }
    // Whether choose or hold is called for.
    bool deciding() const { return deciding_; }
    // Whether jobs outside may be held back.
    bool may_hold() const {
        return !forced_ && std::ranges::any_of(candidates_, [this](Int i) { return outside(i); });
    }
    bool outside(Int mode) const { return job(mode).outside; }
    // While it stays the same, so do the steady columns of the mode.
    Int news(Int mode) const { return job(mode).news; }
    // Whether the job of a mode waits for its machine now.
    bool waits(Int mode) const { return place_[mode] != ABSENT; }

    // From now on, decisions do not list candidates, which are all that wait for the open machines;
    // instead, modes that come to wait, or of which something new is known, are told. Only for
    // plain shops.
    void watch();
    // Back to lists of candidates.
    void unwatch();
    std::vector<Int>& told() { return told_; }
    const std::vector<Int>& open_machines() const { return open_; }

    // Carries out a candidate.
    void choose(Int mode);
    // Holds jobs outside back until something changes.
    void hold();

    double value(Column column, Int mode) const;

    bool per_machine() const { return per_machine_; }
    const Shop& shop() const { return fixed_->shop; }
    const Record& record() const { return record_; }
    Int now() const { return now_; }
    Int n_events() const { return n_events_; }
    Int n_decisions() const { return n_decisions_; }
    Int due(Int job) const { return due_[job]; }
    // When the job was done, or ABSENT.
    Int completion(Int job) const { return completion_[job]; }

private:
    const JobState& job(Int mode) const { return jobs_[shop().job_of_op[shop().op_of_mode[mode]]]; }
    MachineState& machine_of(Int mode) { return machines_[shop().machine[mode]]; }
    Int room(Int m) const { return machines_[m].capacity - machines_[m].count; }

    // events.
    void handle(const Event& event);
    void arrive(Int job);
    void cancel(Int job);
    void change(Int k);
    void finish(Int machine);
    void fall(Int machine, bool breakdown);
    void rise(Int machine);
    void restart(Int machine);
    void scrap(Int machine);
    void change_mode(Change kind, Int mode, Int value);

    // Ways of a job.
    void proceed(Int job);
    void make_next(Int job);
    void leave(Int job);
    void add_load(Int op, Int sign);
    void seek(Int job);
    void join(Int mode, Int since);
    void withdraw(Int job);
    void depart(Int job);
    Int release(Int job);
    void admit(Int mode, Int from);
    void put(Int mode, Int from);
    void launch(Int machine);
    void begin(Int machine);
    bool close(Int job, Outcome outcome, Int end, Int work);
    Int open_row(Int job, Int mode);

    // Decisions.
    bool settle();
    bool admit_waiting();
    bool gather(bool forced);
    bool launch_gathered();
    bool rotate();
    bool find_cycle(Int machine);
    Int next_way(Visit& visit) const;
    bool could_rotate(Int machine) const;
    bool possible(Int mode) const;
    bool has_units(Int mode) const;
    void take_units(Int mode, Int sign);
    void refresh(Int machine);
    void release_holds();
    bool add_candidates(Int machine, bool forced);

    // Knowledge.
    void reveal(Int op);
    void set_known(Int mode, Int value);
    bool unstarted(Int op) const;
    void set_nominal(Int op);
    void tell(Int job);
    void renew(Int op);
    Int n_open(Int op) const;
    double next_value(Column column, Int op) const;
    Int finish_estimate(Int machine) const;

    std::shared_ptr<const Fixed> fixed_;
    bool per_machine_;
    Agenda agenda_;
    Int now_ = 0;
    Int n_events_ = 0, n_decisions_ = 0;

    std::vector<JobState> jobs_;
    std::vector<Int> due_, completion_;
    std::vector<Int> nominal_, best_;  // per operation: known time of its fastest mode, that mode
    std::vector<Int> known_, truth_, is_open_, place_, joined_;  // per mode
    std::vector<MachineState> machines_;
    std::vector<Int> units_left_;
    Record record_;

    std::vector<Int> open_;       // machines that could take a job, in no order
    std::vector<Int> gathering_;  // machines whose batch is not launched
    std::vector<Int> held_;       // machines for which jobs outside are held back
    std::vector<Int> buffered_;   // machines with a limited buffer
    bool plain_;
    Int busy_ = 0;                // machines at work and jobs on the way
    Int blocked_ = 0;
    Int wip_ = 0, in_system_ = 0, arrived_ = 0;
    Int arrived_ops_ = 0, arrived_work_ = 0;

    std::vector<Int> candidates_;
    bool forced_ = false;  // jobs outside cannot be held back this time
    bool deciding_ = false;
    bool watching_ = false;
    std::vector<Int> told_;

    std::vector<Int> cycle_;      // modes of a rotation, or of the path to it
    std::vector<Visit> path_;     // to it, machine by machine
    std::vector<char> colour_;
};

}  // namespace headway::simulate::shop
