//! The audit trail as time goes by: what is old is purged, and clocks are set.

use super::support::{Ask, Provider};
use crate::base::Span;
use crate::jobs::purge;

#[tokio::test]
async fn what_is_too_old_goes_and_the_rest_is_still_vouched_for() {
    let provider = Provider::with_a_trail().await;
    let rows = provider.checked().await.unwrap();
    provider.advance(Span::days(300));
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    provider.settle_trail().await;
    let all = provider.checked().await.unwrap();
    provider.advance(Span::days(150));
    purge::round(provider.kit()).await.unwrap();
    assert_eq!(provider.checked().await.unwrap(), all - rows);
    // Whoever cuts off more than that is found out.
    provider.tamper(&["DELETE FROM trail WHERE seq = (SELECT MIN(seq) FROM trail)"]).await;
    assert!(provider.checked().await.unwrap_err().why.contains("was removed"));
    // And nothing is signed to stand for what was cut off, however old the rest becomes.
    provider.advance(Span::days(400));
    purge::round(provider.kit()).await.unwrap();
    assert!(provider.checked().await.unwrap_err().why.contains("was removed"));
}

#[tokio::test]
async fn where_everything_is_too_old_the_trail_goes_on_where_it_stood() {
    let provider = Provider::with_a_trail().await;
    provider.advance(Span::days(401));
    purge::round(provider.kit()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM trail").await, 0);
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    provider.settle_trail().await;
    assert!(provider.checked().await.unwrap() > 0, "it goes on where it stood");
}

#[tokio::test]
async fn row_100_a_past_that_was_deleted_is_not_taken_for_an_old_one() {
    let provider = Provider::with_a_trail().await;
    provider.tamper(&["DELETE FROM events WHERE id IN (SELECT event_id FROM trail WHERE seq <= 2)"]).await;
    purge::round(provider.kit()).await.unwrap();
    let broken = provider.checked().await.unwrap_err();
    assert_eq!((broken.seq, broken.why.as_str()), (1, "its event was removed"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_leaves_nothing_out() {
    let provider = Provider::with_a_trail().await;
    let rows = provider.checked().await.unwrap();
    provider.clock.step_back(Span::hours(1));
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &Ask::of("portal"), "alex@school.example").await;
    provider.settle_trail().await;
    let all = provider.checked().await.unwrap();
    assert!(all > rows);
    provider.advance(Span::hours(3));
    assert_eq!(provider.checked().await.unwrap(), all, "nothing is left without a place");
}
