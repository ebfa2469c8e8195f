#include "episode.h"

#include <algorithm>

#include "sentinels.h"

namespace drl::simulation {
namespace {

constexpr int kTurnsAtOneInstantMax = 5'000;

class Stage {
 public:
  Stage(const Story& story, const Catalogue& catalogue, MakeSubject make)
      : story_(story),
        world_(story.seed),
        server_(world_, catalogue.keys(), journal_, network_, story.older_server),
        begun_at_(world_.now()),
        catalogue_(catalogue) {
    network_.LeadTo(server_);
    world_.At(begun_at_ + story.healed_from - kHealsWithin, [this] { network_.TellVanished(); });
    subject_ = make({world_, network_, catalogue, story_, told_});
  }

  Outcome Play() {
    size_t next = 0;
    while (!world_.failed()) {
      const bool over = next == story_.actions.size();
      const Micros action_at = begun_at_ + (over ? story_.ends_at : story_.actions[next].at);
      const Micros turn_at = TurnAt();
      if (world_.Step(std::min(action_at, turn_at))) continue;
      if (turn_at <= action_at) {
        Turn();
      } else if (over) {
        break;
      } else {
        next = Apply(next);
      }
    }
    Outcome outcome;
    outcome.wrong = world_.failed() ? world_.failure() : subject_->Finish();
    if (outcome.wrong.empty()) {
      const Bounds bounds{begun_at_ + story_.calm_from, begun_at_ + story_.healed_from, story_.lag_max, story_.clock_error};
      outcome.wrong = Check(catalogue_.keys(), told_, journal_, bounds);
    }
    outcome.asked = static_cast<int64_t>(told_.size());
    outcome.decided = std::count_if(told_.begin(), told_.end(), [](const Told& told) { return told.decided; });
    outcome.commands = journal_.empty() ? 0 : static_cast<int64_t>(journal_.back().command);
    return outcome;
  }

 private:
  // When the loop turns: by its own timers, or soon after it was told that there is something to do.
  Micros TurnAt() {
    const bool news = subject_->has_news() || network_.has_news();
    if (news && woken_at_ == INT64_MAX) woken_at_ = world_.now() + world_.Draw(0, story_.lag_max);
    return std::max(world_.now(), std::min(woken_at_, subject_->next_at()));
  }

  void Turn() {
    turns_ = turned_at_ == world_.now() ? turns_ + 1 : 1;
    turned_at_ = world_.now();
    woken_at_ = INT64_MAX;
    if (turns_ > kTurnsAtOneInstantMax) world_.Fail("the loop turns without end");
    subject_->Turn();
  }

  // Returns the place of the next action.
  size_t Apply(size_t at) {
    const Action& action = story_.actions[at++];
    if (action.kind == ActionKind::kCancel) {
      const auto back = static_cast<size_t>(action.a);
      if (back <= told_.size() && told_[told_.size() - back].ends == 0) subject_->Cancel(told_.size() - back);
    } else if (action.kind <= ActionKind::kForget) {
      const size_t first = told_.size();
      Add(action);
      while (at < story_.actions.size() && story_.actions[at].kind <= ActionKind::kForget && story_.actions[at].at == action.at &&
             story_.actions[at].e == 1) {
        Add(story_.actions[at++]);
      }
      subject_->Ask(first);
    } else if (action.lasts > 0) {
      Begin(action);
    } else {
      Strike(action);
    }
    return at;
  }

  void Add(const Action& action) {
    Told& told = told_.emplace_back();
    told.key = static_cast<int32_t>(action.a);
    told.operation = action.kind == ActionKind::kAsk ? core::Operation::kTake : core::Operation::kForget;
    told.question = {action.b, action.c};
    told.asked_at = world_.now();
    told.deadline = world_.now() + action.d;
  }

  void Lasts(const Action& action, World::Event end) { world_.After(action.lasts, std::move(end)); }

  void Begin(const Action& action) {
    switch (action.kind) {
      case ActionKind::kFlushScript:
        server_.FlushScripts();
        return Lasts(action, [this] { server_.LoadScript(); });
      case ActionKind::kMood:
        server_.SetMood(static_cast<Mood>(action.a));
        return Lasts(action, [this] { server_.SetMood(Mood::kWell); });
      case ActionKind::kWrites:
        server_.SetWrites(static_cast<Writes>(action.a));
        return Lasts(action, [this] { server_.SetWrites(Writes::kTaken); });
      case ActionKind::kSlow:
        server_.SetSlowness(action.a);
        return Lasts(action, [this] { server_.SetSlowness(0); });
      case ActionKind::kStop:
        server_.Stop();
        if (action.a != 0) server_.FlushScripts();
        return Lasts(action, [this] { server_.Continue(); });
      case ActionKind::kDown:
        server_.GoDown(action.a != 0, action.b != 0);
        return Lasts(action, [this, step = action.c] {
          if (server_.up()) return;  // another outage began later and ended earlier
          server_.StepClock(step);
          server_.ComeUp();
        });
      case ActionKind::kDoor:
        network_.SetDoor(static_cast<Door>(action.a));
        return Lasts(action, [this] { network_.SetDoor(Door::kOpen); });
      case ActionKind::kWay:
        network_.SetWay({action.a, action.b, static_cast<int>(action.c), static_cast<size_t>(action.d)});
        return Lasts(action, [this] { network_.SetWay({}); });
      case ActionKind::kPassword:
        server_.SetPassword("secret");
        return Lasts(action, [this] { server_.SetPassword({}); });
      case ActionKind::kSessions:
        server_.SetSessionsMax(static_cast<size_t>(action.a));
        return Lasts(action, [this] { server_.SetSessionsMax(SIZE_MAX); });
      case ActionKind::kKeys:
        for (int key = 0; key < catalogue_.keys().count(); ++key) {
          if (catalogue_.item(key).plan == static_cast<size_t>(action.a)) server_.Forbid(key);
        }
        return Lasts(action, [this] { server_.PermitAll(); });
      case ActionKind::kFailover:
        return sentinels_.FailOver(action.lasts, action.c, action.a != 0, action.b != 0);
      case ActionKind::kSentinel:
        return sentinels_.Begin(static_cast<int>(action.a), static_cast<Folly>(action.b), static_cast<int>(action.c), action.lasts);
      case ActionKind::kRepeat:
        server_.RepeatAnswer(true);
        return Lasts(action, [this] { server_.RepeatAnswer(false); });
      default:
        return;
    }
  }

  void Strike(const Action& action) {
    switch (action.kind) {
      case ActionKind::kFlushScript:
        return server_.FlushScripts();
      case ActionKind::kFlushState:
        return server_.FlushState();
      case ActionKind::kCut:
        return network_.CutAll(static_cast<Cut>(action.a), action.b, action.c, action.d);
      case ActionKind::kStepClock:
        return server_.StepClock(action.a);
      case ActionKind::kDrift:
        return server_.Drift(action.a);
      case ActionKind::kCloseAll:
        return server_.CloseSessions(action.a != 0);
      default:
        return;
    }
  }

  const Story& story_;
  World world_;
  Network network_{world_};
  Journal journal_;
  Server server_;
  Sentinels sentinels_{world_, server_, network_};
  const Micros begun_at_;
  const Catalogue& catalogue_;
  std::vector<Told> told_;
  std::unique_ptr<Subject> subject_;  // goes first: it holds connections
  Micros woken_at_ = INT64_MAX;
  Micros turned_at_ = 0;
  int turns_ = 0;
};

// What went wrong, without when and with whom.
std::string KindOf(const std::string& wrong) {
  const size_t begin = wrong.starts_with("at ") ? wrong.find(": ") + 2 : 0;
  const size_t end = wrong.find(": ", begin);
  return wrong.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace

Outcome Play(const Story& story, const Catalogue& catalogue, MakeSubject make) { return Stage(story, catalogue, make).Play(); }

Story Shorten(const Story& story, const Catalogue& catalogue, MakeSubject make, int tries_max) {
  const std::string kind = KindOf(Play(story, catalogue, make).wrong);
  Story best = story;
  int tries = 0;
  for (size_t chunk = best.actions.size() / 2; chunk > 0 && tries < tries_max;) {
    bool shorter = false;
    for (size_t at = 0; at < best.actions.size() && tries < tries_max;) {
      Story tried = best;
      const auto from = tried.actions.begin() + static_cast<std::ptrdiff_t>(at);
      tried.actions.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, best.actions.size() - at)));
      ++tries;
      if (KindOf(Play(tried, catalogue, make).wrong) == kind) {
        best = std::move(tried);
        shorter = true;
      } else {
        at += chunk;
      }
    }
    if (!shorter || chunk > best.actions.size()) chunk /= 2;
  }
  return best;
}

}  // namespace drl::simulation
