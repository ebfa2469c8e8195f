package libdrl;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.Objects;
import java.util.RandomAccess;

/** The limits of a decision as the shim's numbers, made into objects by those who look at them: few do. */
final class LimitStates extends AbstractList<LimitState> implements RandomAccess {
  /** Of one limit. */
  static final int LENGTH = 5;

  private final long[] numbers;

  /** Copies the numbers of {@code count} limits, beginning at {@code at}. */
  LimitStates(long[] from, int at, int count) {
    numbers = Arrays.copyOfRange(from, at, at + count * LENGTH);
  }

  @Override
  public int size() {
    return numbers.length / LENGTH;
  }

  @Override
  public LimitState get(int index) {
    int at = Objects.checkIndex(index, size()) * LENGTH;
    return new LimitState(numbers[at], Decision.duration(numbers[at + 1]), numbers[at + 2], numbers[at + 3],
        Decision.duration(numbers[at + 4]));
  }
}
