// Jobs that arrive at a chip, and what a policy decides about their tasks.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "search/random.hpp"
#include "simulate/chip/planner.hpp"

namespace headway::simulate::chip {

// What candidates are described by; the order is that of headway.simulate.chip.columns.
enum class Column : std::uint8_t {
    DURATION, EXCESS, DELAY, BACKLOG, FINISH, REGRET, SPARE, RIVAL, RANK, LEFT, AGE, ORDER, PRECEDENCE,
    ELSEWHERE, PLAN, LUCK, JOBS, UNIT, SPAN
};
inline constexpr std::size_t N_COLUMNS = 19;

// What the world will do, drawn before any policy meets it: the gaps between arrivals, the kind of
// each job, and how long each of its tasks takes on each element, job after job.
struct FateTables {
    Ints gap;
    Ints kind;
    Ints duration;
};

struct Settings {
    Int initial;     // jobs that are there from the beginning
    Int most_jobs;   // no more are in the system at once
    bool lost_gap;   // whether an arrival that finds the system full waits for another gap
    Int length;      // ticks; what happens then or later does not happen
    Int limit;       // tasks are committed only to elements with no larger backlog
    Int seed;        // of the column LUCK
};

// A task as it went.
struct Outcome {
    Index element = -1;
    Int start = -1;
    Int end = -1;
};

// A task that is ready, and an element it may run on.
struct Candidate {
    Index position;  // in the list of ready tasks
    Index element;
};

// The world of a chip: decide() moves on to the next instant at which a task can be committed to an
// element; commit() does that. May be copied.
class Stream {
public:
    // Throws std::invalid_argument if the fate does not fit the applications.
    Stream(const Applications& applications, const FateTables& fate, const Settings& settings);

    // True if there are candidates; false at the end.
    bool decide();
    const std::vector<Candidate>& candidates() const { return candidates_; }
    double column(Column column, std::size_t candidate) const {
        return values_[candidate][static_cast<std::size_t>(column)];
    }
    // The task of a candidate, as a position in `outcomes()`.
    std::size_t task(const Candidate& candidate) const {
        const Ready& ready = ready_[at(candidate.position)];
        return slot(ready.job, ready.task);
    }
    // Columns that will be asked for; all, unless this is called. Others may be wrong.
    void want(std::span<const Int> columns);
    void commit(std::size_t candidate);
    // Lets time pass until something happens.
    void wait();
    // Whether anything will happen without a decision.
    bool may_wait() const;

    Int now() const { return now_; }
    const Applications& applications() const { return *applications_; }
    // Of each job that has arrived: kind, arrival, completion (ABSENT if it is not complete).
    struct Job {
        Index kind;
        Int arrival;
        Int completion;
        Index left;   // tasks that have not ended
        Int first;    // position of its first task in `outcomes()`
    };
    const std::vector<Job>& jobs() const { return jobs_; }
    // Of each task of these jobs, in order.
    const std::vector<Outcome>& outcomes() const { return outcomes_; }

private:
    struct Ready {
        Index job;
        Index task;  // among the tasks of all kinds
    };
    struct Queued {
        Index job;
        Index task;
        Int stamp;  // when its data is there
    };
    struct Element {
        std::vector<Queued> queue;
        Index job = -1;  // what it runs, or -1
        Index task = -1;
        Int expected = 0;  // end by the expected duration
        Int end = 0;
    };

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    std::size_t slot(Index job, Index task) const {
        const Job& j = jobs_[at(job)];
        return static_cast<std::size_t>(j.first + task - applications_->first(j.kind));
    }
    void check(const FateTables& fate) const;
    // Ends of a ready task, from now on: on its best element and on the second best.
    struct Ends {
        Int best;
        Int second;
        std::size_t element;  // the best one
    };

    bool wanted(Column column) const { return wanted_[static_cast<std::size_t>(column)]; }
    void end_tasks();
    void arrive();
    void inject();
    void enable(Index job, Index task);
    void start_tasks();
    bool advance();
    Int next_room() const;
    void order_by_rank();
    void describe();
    void describe(std::size_t position, std::size_t element);
    Int rival(std::size_t position, std::size_t element) const;
    const Planner::Place& planned(const Ready& ready);
    Int available(std::size_t element) const;
    Int finish(const Ready& ready, std::size_t element) const;
    Ends ends(const Ready& ready) const;

    const Applications* applications_;
    Settings settings_;
    std::vector<Int> gap_, duration_;
    std::vector<Index> kind_;
    search::Random random_;

    Int now_ = 0;
    Int next_arrival_ = 0;
    std::size_t next_gap_ = 0;
    Index in_system_ = 0;
    bool waiting_ = false;
    bool settled_ = false;  // what happens now has happened, up to decisions
    std::vector<Job> jobs_;
    std::vector<Outcome> outcomes_;
    std::vector<Index> blockers_;  // parents that have not ended, one per task of `outcomes_`
    std::vector<Ready> ready_;
    std::vector<Int> arrivals_;    // when data is there, a row of elements per task of `outcomes_`
    std::vector<Element> elements_;
    Planner planner_;
    std::array<bool, N_COLUMNS> wanted_;

    std::vector<Candidate> candidates_;
    std::vector<std::array<double, N_COLUMNS>> values_;
    std::vector<Int> available_;
    std::vector<Ends> ends_;  // of each ready task
    std::vector<Index> by_rank_, precedence_;
};

}  // namespace headway::simulate::chip
